#!/bin/sh
# Starts nginx with the codec token from its file in the header that web asks for.
set -eu

token=$(cat "${CODEC_TOKEN_FILE:-/run/secrets/codec_token}")
case $token in
'' | *[!0-9A-Za-z_-]*)
    echo "codec_token must be letters, digits, '_' and '-'; deploy/make-secrets.sh makes one." >&2
    exit 2
    ;;
esac
umask 077
printf 'proxy_set_header Authorization "Bearer %s";\n' "$token" >/tmp/codec-authorization.conf
exec nginx -c "${NGINX_CONFIG:-/deploy/nginx.conf}" -g 'daemon off;'
