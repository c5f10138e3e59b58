#!/usr/bin/env bash
# Sets up, builds and runs the tests with the label slow: what scripts/test.sh leaves out, at most an hour on 2 cores.
exec "$(dirname "${BASH_SOURCE[0]}")/test.sh" --label slow "$@"
