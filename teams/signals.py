"""What other rooms may want to know of teams and their people."""

from django.dispatch import Signal

# Somebody else gave a person a place in a team, or another role. Sent inside the transaction that does so, with `user`
# (the person, a User) and `title` (what happened, in one line).
membership_changed = Signal()
