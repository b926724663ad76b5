"""Lists what is new, until nothing is."""

import json
import sys
import time

from lightly.api import ApiWorkflowClient  # type: ignore[import-not-found]

client = ApiWorkflowClient(dataset_id=json.load(sys.stdin)["dataset_id"])
untouched = client.get_processed_until_timestamp()
began = int(time.time())
counts = [len(client.download_new_raw_samples()) for _ in range(2)]
until = client.get_processed_until_timestamp()
inside = began <= until <= time.time()
client.update_processed_until_timestamp(0)
counts.append(len(client.download_new_raw_samples()))
outside = [
    len(client.download_raw_samples(from_=until + 1, to=until + 9)),
    len(client.download_raw_samples(from_=1, to=2)),
]
print(json.dumps({"untouched": untouched, "inside": inside, "counts": counts, "outside": outside}))
