#!/bin/sh
# Makes ./secrets, once: passwords of PostgreSQL and Redis, and the keys. Back the keys up, apart from the database.
# The files can be read by the users of the containers, the folder by its owner alone.
set -eu
cd "$(dirname "$0")"
if [ -e secrets ]; then
    echo "There is a folder $(pwd)/secrets already; nothing was changed." >&2
    exit 1
fi
umask 077
mkdir secrets.new
trap 'rm -rf secrets.new' EXIT
random() { openssl rand -hex 32; }

database="$(random)"
queue="$(random)"
printf '%s' "$database" > secrets.new/postgres_password
printf 'postgresql://lightly:%s@postgres:5432/lightly' "$database" > secrets.new/database_url
printf 'redis://:%s@redis:6379/0' "$queue" > secrets.new/redis_url
printf 'requirepass %s\ndir /data\nappendonly yes\nsave ""\nmaxmemory-policy noeviction\n' "$queue" > secrets.new/redis_conf
openssl rand -base64 48 > secrets.new/secret_key
openssl rand -base64 32 | tr '+/' '-_' > secrets.new/encryption_keys
chmod 444 secrets.new/*
mv secrets.new secrets
trap - EXIT
echo "Written to $(pwd)/secrets."
