#!/bin/sh
# Makes the secret files of docker-compose.yml that are only random; never overwrites one.
#   sh deploy/make-secrets.sh [FOLDER]
set -eu
umask 077

folder=${1:-.likeness/secrets}
mkdir -p "$folder"
for name in postgres_password codec_token; do
    file=$folder/$name
    if [ -e "$file" ]; then
        echo "$file stays as it is."
        continue
    fi
    od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >"$file"
    echo "$file is made."
done
if [ ! -e "$folder/apimart_api_key" ]; then
    echo "Missing: $folder/apimart_api_key, which holds the API key of your APIMart account alone."
fi
