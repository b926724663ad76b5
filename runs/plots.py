"""Starts the job that draws an embedding which a script uploaded."""

from __future__ import annotations

from django.utils.translation import gettext

from jobs import services
from runs.runners import PLOT_KIND
from samples.models import Embedding
from teams.models import User


def start(embedding: Embedding, by: User) -> None:
    """One at a time for an embedding: the client asks three times."""
    services.start(
        PLOT_KIND,
        title=gettext("Draw the embedding %(name)s") % {"name": embedding.name},
        subject=embedding.pk,
        dataset=embedding.dataset,
        by=by,
        arguments={"embedding": embedding.pk},
    )
