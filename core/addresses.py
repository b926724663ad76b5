from django.core.exceptions import ValidationError
from django.core.validators import validate_email

LONGEST = 254  # of a column; Django's own validator lets 320 characters pass, on which PostgreSQL fails


def validate_address(email: str) -> None:
    """Raises django's ValidationError for what is no e-mail address."""
    if len(email) > LONGEST:
        raise ValidationError("Enter a valid email address.")
    validate_email(email)
