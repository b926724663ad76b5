"""Pages of rooms above that these pages lead to. Who has them says so in its AppConfig.ready():

links.RUN.leads_to("runs:run")       # reversed with the ids of the dataset and the run
links.NEW_RUN.leads_to("runs:new")   # reversed with the id of the dataset
"""

from core.web.navigation import Link

RUN = Link("shows one run")
NEW_RUN = Link("schedules a run")


def run_url(dataset_id: str, run_id: str) -> str:
    """Empty where no room has the page, or the tag is of no run."""
    return RUN.url(dataset_id, run_id) if run_id and RUN.is_known else ""


def new_run_url(dataset_id: str) -> str:
    return NEW_RUN.url(dataset_id) if NEW_RUN.is_known else ""
