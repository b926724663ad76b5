from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SamplesConfig(AppConfig):
    name = "samples"

    def ready(self) -> None:
        from datasets import pages

        pages.add_tab(pages.Tab("samples", _("Samples"), "samples:samples", order=20))
