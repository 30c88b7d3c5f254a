#!/bin/sh
# Makes a namespace with 30 days of retention and our search attributes:
#   TEMPORAL_ADDRESS=host:7233 sh deploy/temporal/setup-namespace.sh likeness
# What is there already stays; a search attribute of another type ends it with the CLI's sentence.
set -eu

namespace=$1
tries=${TRIES:-60}

# The server answers before it has read a new namespace everywhere, so each step may need a few tries.
patiently() {
    try=0
    until said=$("$@" 2>&1); do
        try=$((try + 1))
        if [ "$try" -ge "$tries" ]; then
            echo "$said" >&2
            return 1
        fi
        sleep 1
    done
}

is_there() {
    temporal operator namespace describe --namespace "$namespace" >/dev/null 2>&1
}

make_namespace() {
    is_there || temporal operator namespace create --namespace "$namespace" --retention 30d
}

patiently temporal operator cluster health
patiently make_namespace
tries=${TRIES:-20}
patiently temporal operator search-attribute create --namespace "$namespace" \
    --name LikenessStage --type Keyword \
    --name LikenessWaitingFor --type Keyword \
    --name LikenessHold --type Keyword \
    --name LikenessReason --type Keyword \
    --name LikenessDeadline --type Datetime
# On PostgreSQL a start that carries them is refused until the server has read the namespace again.
patiently temporal workflow count --namespace "$namespace" --query "LikenessDeadline IS NOT NULL"
echo "The namespace $namespace is ready."
