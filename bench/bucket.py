"""`python -m bench.bucket FILES`: a stand-in for S3 that answers nothing but listings, as quickly as Python can.

Its objects are `dirNNN/img_NNNNNNN.jpg`; nothing of them exists but their names. Prints its port.
"""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

PREFIX = "in/"
PER_FOLDER = 10_000
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
    "<Name>bench</Name><Prefix></Prefix><EncodingType>url</EncodingType><KeyCount>{count}</KeyCount>"
    "<MaxKeys>{limit}</MaxKeys><IsTruncated>{more}</IsTruncated>"
)
_ENTRY = (
    "<Contents><Key>{key}</Key><LastModified>2026-0{month}-11T10:00:00.000Z</LastModified>"
    "<ETag>&quot;{number:032x}&quot;</ETag><Size>{size}</Size><StorageClass>STANDARD</StorageClass></Contents>"
)


def name_of(number: int) -> str:
    return f"{PREFIX}dir{number // PER_FOLDER:03}/img_{number:07}.jpg"


def first_after(name: str, count: int) -> int:
    """The number of the first object whose name comes after this one."""
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if name_of(middle) > name:
            high = middle
        else:
            low = middle + 1
    return low


def page(count: int, prefix: str, after: str, limit: int) -> str:
    """The XML of a page of ListObjectsV2."""
    start = first_after(max(after, prefix[:-1] + chr(ord(prefix[-1]) - 1) + "\uffff") if prefix else after, count)
    numbers = []
    for number in range(start, min(start + limit, count)):
        if not name_of(number).startswith(prefix):
            break
        numbers.append(number)
    after_last = start + len(numbers)
    more = after_last < count and name_of(after_last).startswith(prefix)
    entries = [
        _ENTRY.format(key=name_of(number), month=1 + number % 9, number=number, size=1000 + number % 4_000_000)
        for number in numbers
    ]
    head = _HEAD.format(count=len(entries), limit=limit, more=str(more).lower())
    return head + "".join(entries) + "</ListBucketResult>"


def main() -> None:
    count = int(sys.argv[1])

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Else the small packet of the head waits for the reader's acknowledgement, 40 ms each time.
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            asked = parse_qs(urlsplit(self.path).query)
            after = asked.get("start-after", [""])[0]
            body = page(count, asked.get("prefix", [""])[0], after, int(asked.get("max-keys", ["1000"])[0])).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
