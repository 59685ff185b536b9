#!/bin/sh
# A stage for the tests of the runner: no data, but every way to behave. Its files hold the stage's
# configuration and the digests it was given; a key `as` in one of its tables replaces all of that.
check=
while [ $# -gt 0 ]; do
    case "$1" in
    --request) request=$2; shift ;;
    --check) check=1 ;;
    esac
    shift
done
text() { sed -n "s/^ *\"$1\": \"\(.*\)\",*\$/\1/p" "$request" | head -n 1; }
stage=$(text stage)
folder=$(text folder)
work=$(text work)
log=$(text log)
# What the test has asked for, one `stage-behaviour` a line.
has() { grep -qx "$stage-$1" "$(dirname "$0")/behaviour"; }

if has fault; then
    echo "error: $(text pipeline): [$stage] has a fault" >&2
    exit 2
fi
[ -z "$check" ] || exit 0
[ -z "$log" ] || echo "{\"message\":\"$stage\"}" >"$log"
[ ! -e "$work/checkpoint" ] || echo "stage $stage resumes" >&2
[ "$stage" = history ] || echo "stage $stage runs" >&2
if has fail || has "fail-$(text as)"; then
    echo "error: $stage has no luck" >&2
    exit 1
fi
if has block; then
    echo half >"$folder/half"
    echo checkpoint >>"$work/checkpoint"
    echo "stage $stage blocks" >&2
    # Ends with the runner: standard input closes.
    cat >/dev/null
    exit 130
fi

if has wait; then
    echo "stage $stage waits" >&2
    while has wait; do sleep 0.02; done
fi

contents=$(text as)
if [ -z "$contents" ]; then
    contents=$(sed -n '/"config": {/,/"outputs": {/p' "$request" | grep -v '"path"')
fi
case "$stage" in
fetch) files="era5.nc" ;;
ingest) files="series.parquet source.json" ;;
preprocess) files="observed.parquet standardised.parquet season.parquet windows.parquet transform.json" ;;
train)
    files="held_out_model/config.json held_out_model/weights.safetensors held_out_model/generator.json"
    files="$files held_out_model/transform.json history.parquet"
    ;;
held-out) files="held_out.parquet" ;;
prepare-delivery)
    files="delivery/observed.parquet delivery/standardised.parquet delivery/season.parquet delivery/windows.parquet"
    files="$files delivery/transform.json"
    ;;
deliver) files="model/config.json model/weights.safetensors model/generator.json model/transform.json" ;;
generate) files="generated.parquet" ;;
bound) files="likelihood.json" ;;
calibrate) files="model/detector.json model/pooling.json" ;;
evaluate) files="metrics.json curves.json" ;;
compare-models) files="models.json" ;;
report) files="report.html" ;;
history) files="history.parquet" ;;
esac
has forget && files="unknown"
has tamper && echo more >>"$(text path)"
has waver && contents=$$
for file in $files; do
    mkdir -p "$(dirname "$folder/$file")"
    if [ "$file" = metrics.json ] && [ -z "$(text as)" ]; then
        # The scorecard is read by the runner, too.
        echo "{\"digest\": \"$(echo "$contents" | cksum)\"}" >"$folder/$file" || exit 1
    else
        echo "$file: $contents" >"$folder/$file" || exit 1
    fi
done
if has large; then
    head -c 4000000 /dev/zero >"$folder/large" || exit 1
fi
exit 0
