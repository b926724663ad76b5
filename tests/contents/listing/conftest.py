"""What the tests of listings share with those of the clouds."""

from tests.clouds.conftest import make_place

__all__ = ["make_place"]
