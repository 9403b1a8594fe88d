#!/usr/bin/env bash
# Mutants, area by area, each against the few fast tests that are about it; what those miss is tried
# again with all. `ci/mutants.sh` runs everything; `ci/mutants.sh AREA...` some: tables state link
# core codec sim. All mutants of tables, rules and limits, a fixed quarter of the others
# (MUTANT_SHARD). What was found last is in docs/mutants.md.
set -uo pipefail
cd "$(dirname "$0")/.."
export CARGO_INCREMENTAL=1 CARGO_PROFILE_DEV_DEBUG=0 CARGO_TERM_COLOR=never
export PROPTEST_DISABLE_FAILURE_PERSISTENCE=1 PROPTEST_CASES=${CASES:-16} PROPTEST_RNG_SEED=20260101

shard=${MUTANT_SHARD:-0/4}
timeout=${MUTANT_SECONDS:-120}
tables=('src/state/*/table*' 'src/state/*/table/*' 'src/state/*/rules*' 'src/state/*/rules/*'
  'src/state/**/limits.rs' src/table.rs src/channel/rules.rs)

# area: which files, and after the bar which tests.
files() {
  case $1 in
    tables) printf '%s\n' "${tables[@]}" ;;
    state) echo 'src/state/**/*.rs' ;;
    link) echo 'src/link/**/*.rs' ;;
    core) echo 'src/*.rs'; echo 'src/channel/*.rs' ;;
    codec) echo 'src/codec/**/*.rs' ;;
    sim) echo 'src/sim/**/*.rs' ;;
    *) return 1 ;;
  esac
}

tests() {
  case $1 in
    tables) echo core leios_tables leios_limits scenarios traceability ;;
    state) echo leios_client leios_server leios_fetch leios_naive leios_connection leios_handshake \
      leios_keep_alive scenarios ;;
    link) echo link_egress link_ingress link_framed link_cutting link_staged link_peers \
      leios_connection ;;
    core) echo core forms leios_client link_framed link_peers ;;
    codec) echo codec_values codec_vectors codec_sharing codec_laws codec_oracle alloc ;;
    sim) echo sim_net sim_laws sim_trace sim_twist sim_explore sim_made sim_leios scenarios ;;
  esac
}

# Runs cargo-mutants: where its results go, then its options.
run() {
  local out=target/mutants/$1; shift
  rm -rf "$out"; mkdir -p "$out"
  cargo mutants --in-place --no-shuffle --colors never -p nodewire -o "$out" \
    --baseline skip --timeout "$timeout" "$@"
}

area() {
  local area=$1 file test which=() near=() again=() name
  while read -r file; do which+=(-f "$file"); done < <(files "$area") || return 1
  for test in $(tests "$area"); do near+=(--test "$test"); done
  if [ "$area" != tables ]; then
    for file in "${tables[@]}"; do which+=(-e "$file"); done
    which+=(--shard "$shard" --sharding round-robin)
  fi
  run "$area" "${which[@]}" -- "${near[@]}"
  # Those missed, with all tests: each by its name.
  while read -r name; do
    name=${name#*: }; again+=(--re "$(sed 's/[][\.*^$+?(){}|]/\\&/g' <<< "$name")")
  done < "target/mutants/$area/mutants.out/missed.txt"
  if [ ${#again[@]} -gt 0 ]; then
    run "$area-again" "${which[@]}" "${again[@]}" -- --tests
    echo "== missed of $area"; cat "target/mutants/$area-again/mutants.out/missed.txt"
  fi
}

areas=("$@")
[ ${#areas[@]} -gt 0 ] || areas=(tables state link core codec sim)
for name in "${areas[@]}"; do area "$name"; done
