"""How dates are written for people, by language. A language without a module here has Django's own formats."""
