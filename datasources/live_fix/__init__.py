"""While somebody who looks at a red bulb changes something in their cloud: gentle checks until the bulb is green."""
