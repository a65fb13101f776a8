#!/usr/bin/env bash
# Makes the traces of frame sizes in benches/ab/traces/frames: `scripts/frame-traces.sh [DIR]`.
#
# A moving picture that ffmpeg makes up (Conway's life, blurred and lingering, with the noise of a camera: 15 s of 640x360 at 30 frames per second) is
# encoded as a call encodes it, VP8 in real time at a constant rate with one key frame, once for each rung of the ladder of RFC 8593: 200 kbit/s to
# 1.6 Mbit/s. The files that are kept were made by ffmpeg 5.1.9 with libvpx 1.12.0; another encoder makes other sizes.
set -euo pipefail
cd "$(dirname "$0")/.."
folder="${1:-benches/ab/traces/frames}"
mkdir -p "$folder"
work="$(mktemp -d)"
trap 'rm -r "$work"' EXIT

picture="life=size=64x36:rate=30:mold=40:ratio=0.2:seed=7:life_color=#d0a080:death_color=#203050:mold_color=#406080"
picture+=",scale=640:360:flags=bicubic,gblur=sigma=4,tmix=frames=8,noise=alls=3:allf=t:all_seed=7,format=yuv420p"
ffmpeg -v error -f lavfi -i "$picture" -frames:v 450 -c:v ffv1 "$work/picture.mkv"
for rate in 200 400 600 800 1000 1200 1400 1600; do
    ffmpeg -v error -i "$work/picture.mkv" -c:v libvpx -deadline realtime -cpu-used 8 -threads 1 -lag-in-frames 0 -g 9999 -qmax 63 \
        -b:v "${rate}k" -minrate "${rate}k" -maxrate "${rate}k" -bufsize "${rate}k" "$work/$rate.webm"
    {
        echo "% number of the frame, type, unused, seconds, bytes: VP8 at $rate kbit/s, made by scripts/frame-traces.sh"
        ffprobe -v error -show_entries packet=pts_time,size,flags -of csv=p=0 "$work/$rate.webm" |
            awk -F, '{ print NR - 1, $3 ~ /^K/ ? "I" : "P", 0, $1, $2 }'
    } >"$folder/life-360p-$rate.txt"
done
