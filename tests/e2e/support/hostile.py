"""Names of people who mean no good. Each tries everything at once, is long, and has no place to break a line.

Had one of them its way, the browser would say so: `hostile()` is a function of every window (see browser.Visitor) that
reports itself, and the content security policy reports what it refuses.
"""

# Out of an attribute, out of elements, as a template of two kinds, as an address, and from right to left at its end.
MARKUP = "\"'><img src=x onerror=hostile()></title><script>hostile()</script>{{7*7}}{%x%}javascript:hostile()"
NAME = f"{MARKUP}{'W' * 40}שלום"
# A quoted local part may have all of this.
ADDRESS = "\"'><img/src=x/onerror=hostile()>{{7*7}}" + "w" * 20 + '"@example.com'
# A directory. No quotation marks: the S3 server of the tests stops at them.
PREFIX = f"<img src=x onerror=hostile()>'{{{{7*7}}}}{'W' * 120}/"
URL = f"https://hooks.example.com/'><img/src=x/onerror=hostile()>{{{{7*7}}}}{'W' * 120}"
# All that a dataset's name may have. The official client knows no other names.
DATASET_TAIL = "W" * 120
