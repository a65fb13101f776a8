#!/usr/bin/env python3
"""A participant on aiortc: joins a room over the WebSocket, says a steady tone, and tells what it hears.

    aiortc_peer.py --url http://127.0.0.1:8080 --room lobby --name Cleo --tone 1700 --listen 2300 --seconds 10

Prints one line of JSON when media flows, {"connected": true}, and one at the end: for every frequency of --listen how far
the tone stands out in what was received, in dB; the loudness; how many frames came.
"""

import argparse
import asyncio
import fractions
import json

import aiohttp
import aioice.ice
import numpy
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack
from aiortc.sdp import candidate_from_sdp
from av import AudioFrame
from av.audio.resampler import AudioResampler

RATE = 48_000
FRAME = 960

# The host under test listens on the loopback, whose addresses aioice leaves out by itself.
_addresses = aioice.ice.get_host_addresses
aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1", *_addresses(use_ipv4, use_ipv6)]


class Tone(AudioStreamTrack):
    """A sine at -20 dBFS, in frames of 20 ms."""

    def __init__(self, hertz):
        super().__init__()
        self.hertz = hertz
        self.position = 0
        self.start = None

    async def recv(self):
        loop = asyncio.get_running_loop()
        if self.start is None:
            self.start = loop.time()
        wait = self.start + self.position / RATE - loop.time()
        if wait > 0:
            await asyncio.sleep(wait)
        n = numpy.arange(self.position, self.position + FRAME)
        samples = (3276 * numpy.sin(2 * numpy.pi * self.hertz * n / RATE)).astype(numpy.int16)
        frame = AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = RATE
        frame.pts = self.position
        frame.time_base = fractions.Fraction(1, RATE)
        self.position += FRAME
        return frame


class Recorder:
    """Collects what a track gives, as mono at 48 kHz."""

    def __init__(self):
        self.blocks = []
        self.resampler = AudioResampler(format="s16", layout="mono", rate=RATE)

    async def run(self, track):
        while True:
            try:
                frame = await track.recv()
            except Exception:
                return
            for part in self.resampler.resample(frame):
                self.blocks.append(part.to_ndarray().reshape(-1).astype(numpy.float64) / 32768)

    def since(self, first):
        blocks = self.blocks[first:]
        return numpy.concatenate(blocks) if blocks else numpy.zeros(0)


def prominence(samples, hertz):
    """Median over 100 ms blocks of the level at `hertz` minus the louder one of the levels 6 % below and above."""
    length = RATE // 10
    if len(samples) < length:
        return None
    window = numpy.hanning(length)
    time = numpy.arange(length) / RATE

    def level(block, frequency):
        amplitude = abs(numpy.sum(block * window * numpy.exp(-2j * numpy.pi * frequency * time))) / length
        return 20 * numpy.log10(amplitude + 1e-7)

    differences = []
    for start in range(0, len(samples) - length + 1, length):
        block = samples[start : start + length]
        differences.append(level(block, hertz) - max(level(block, hertz * 0.94), level(block, hertz * 1.06)))
    return float(numpy.median(differences))


async def call(arguments):
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    recorder = Recorder()
    connected = asyncio.Event()

    @connection.on("track")
    def on_track(track):
        asyncio.ensure_future(recorder.run(track))

    @connection.on("connectionstatechange")
    def on_state():
        if connection.connectionState == "connected":
            connected.set()

    connection.addTrack(Tone(arguments.tone))
    async with aiohttp.ClientSession() as session, session.ws_connect(arguments.url + "/ws") as socket:

        async def send(kind, **fields):
            await socket.send_json({"v": 1, "type": kind, **fields})

        await send("join", room=arguments.room, name=arguments.name)

        async def answer_messages():
            async for message in socket:
                data = json.loads(message.data)
                if data["type"] == "joined":
                    await connection.setLocalDescription(await connection.createOffer())
                    await send("offer", sdp=connection.localDescription.sdp)
                    await send("candidate", candidate=None)
                elif data["type"] == "answer":
                    await connection.setRemoteDescription(RTCSessionDescription(data["sdp"], "answer"))
                elif data["type"] == "candidate" and data["candidate"] and data["candidate"]["candidate"]:
                    text = data["candidate"]["candidate"]
                    candidate = candidate_from_sdp(text.removeprefix("candidate:"))
                    candidate.sdpMid = data["candidate"].get("sdpMid")
                    candidate.sdpMLineIndex = data["candidate"].get("sdpMLineIndex")
                    await connection.addIceCandidate(candidate)
                elif data["type"] == "error":
                    raise SystemExit(f"the host refused: {data}")

        reader = asyncio.ensure_future(answer_messages())
        await asyncio.wait_for(connected.wait(), 20)
        print(json.dumps({"connected": True}), flush=True)
        await asyncio.sleep(2)
        first = len(recorder.blocks)
        await asyncio.sleep(arguments.seconds)
        samples = recorder.since(first)
        stats = await connection.getStats()
        await send("leave")
        reader.cancel()
    await connection.close()
    loudness = 10 * numpy.log10(numpy.mean(samples**2) + 1e-12) if len(samples) else None
    inbound = next((one for one in stats.values() if one.type == "inbound-rtp"), None)
    print(
        json.dumps(
            {
                "seconds": len(samples) / RATE,
                "loudness": loudness,
                "prominence": {str(hertz): prominence(samples, hertz) for hertz in [arguments.tone, *arguments.listen]},
                "packets_received": inbound.packetsReceived if inbound else 0,
                "packets_lost": inbound.packetsLost if inbound else None,
            }
        ),
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", required=True)
    parser.add_argument("--room", required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--tone", type=int, required=True)
    parser.add_argument("--listen", type=int, nargs="*", default=[])
    parser.add_argument("--seconds", type=float, default=8)
    asyncio.run(call(parser.parse_args()))


main()
