"""`nodewire serve supervisor`, and the nodes of two chains behind its feed."""

import json
import queue
import subprocess
import threading

from chains import identity, layer_one, reference


class Served:
    """A server process whose feed is answered from these chains."""

    def __init__(self, binary, config, chains):
        self.chains = {chain.id: chain for chain in chains}
        # Guards the chains, which the reader answers from.
        self.lock = threading.RLock()
        self.commands = queue.Queue()
        self.process = subprocess.Popen(
            [binary, "--json", "serve", "supervisor", "--listen", "127.0.0.1:0", "--config", config,
             "--feed", "-", "--no-clock"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        told = self.process.stderr.readline()
        try:
            self.url = "http://" + json.loads(told)["listening"] + "/"
        except (ValueError, KeyError):
            raise SystemExit(f"the server says {told!r}") from None
        threading.Thread(target=self.process.stderr.read, daemon=True).start()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for text in self.process.stdout:
            line = json.loads(text)
            if "ask" in line:
                with self.lock:
                    answer = self.answer(line["ask"]["query"])
                self.say({"local": {"answer": [line["ask"]["id"], answer]}})
            elif "command" in line.get("send", {}):
                self.commands.put(line["send"]["command"])
            elif "error" in line or "refused" in line:
                raise SystemExit(f"the feed refuses: {text}")

    def answer(self, query):
        (kind, of), = query.items()
        if kind == "l1":
            return {"l1": layer_one(of["number"]) if of["number"] <= 110 else None}
        chain = self.chains[of["chainID"]]
        if kind == "block":
            block = chain.block(of["number"])
            return {"block": block and reference(block)}
        if kind == "nodeBlock":
            block = chain.block(of["number"])
            return {"nodeBlock": block and identity(block)}
        if kind == "logs":
            found = [block["logs"] for block in chain.blocks if block["hash"] == of["hash"]]
            return {"logs": found[0] if found else None}
        last = [block for block in chain.blocks if block["timestamp"] <= of["timestamp"]][-1]
        output = chain.output(last)
        return {"outputs": {"canonical": output, "pending": output}}

    def say(self, line):
        with self.lock:
            self.process.stdin.write(json.dumps(line) + "\n")
            self.process.stdin.flush()

    def anchor(self, chain):
        pair = {"source": layer_one(100), "derived": reference(chain.block(100))}
        self.say({"local": {"anchor": {"chainID": chain.id, "anchor": pair}}})
        self.say({"remote": {"nodeUp": {"chainID": chain.id, "node": 0}}})

    def event(self, chain, event):
        self.say({"remote": {"node": {"chainID": chain.id, "node": 0, "event": event}}})

    def unsafe(self, chain):
        self.event(chain, {"unsafeBlock": reference(chain.head())})

    def derived(self, chain, source, number):
        pair = {"source": layer_one(source), "derived": reference(chain.block(number))}
        self.event(chain, {"derivationUpdate": pair})

    def command(self, method):
        """The next call of this method to a node."""
        while True:
            command = self.commands.get(timeout=20)
            if command["call"]["method"] == method:
                return command

    def stop(self):
        """Asks it to stop; its exit code."""
        self.process.terminate()
        return self.process.wait(timeout=30)
