"""All rules there are, by their ids."""

from contents.annotations.documents import rules as documents
from contents.annotations.metadata import rules as metadata
from contents.annotations.predictions import rules as predictions
from contents.annotations.relevant import rules as relevant
from contents.annotations.rules import Rule

RULES: dict[str, Rule] = {
    rule.id: rule
    for module in (documents, predictions, metadata, relevant)
    for rule in vars(module).values()
    if isinstance(rule, Rule)
}
