"""Stand-in for Kubernetes with Dask's operator: its API over HTTP, and processes of this machine for pods."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

SPECIFICATION = """apiVersion: kubernetes.dask.org/v1
kind: DaskCluster
metadata:
  name: stand-in
spec:
  worker: {replicas: 1, spec: {containers: [{name: worker, image: none}]}}
  scheduler: {spec: {containers: [{name: scheduler, image: none}]}, service: {type: LoadBalancer}}
"""
_KUBECONFIG = """apiVersion: v1
kind: Config
current-context: here
contexts: [{{name: here, context: {{cluster: here, user: me, namespace: default}}}}]
clusters: [{{name: here, cluster: {{server: "http://127.0.0.1:{port}"}}}}]
users: [{{name: me, user: {{}}}}]
"""
_PATH = re.compile(r".*/namespaces/[^/]+/(?P<kind>[a-z]+)(/(?P<name>[^/]+))?")
_DESCRIBED = {
    "/version": {"gitVersion": "v1.33.0"},
    "/api": {"versions": ["v1"]},
    "/api/v1": {"resources": [{"name": "pods", "kind": "Pod", "singularName": "pod", "namespaced": True}]},
    "/apis": {"groups": []},
}
_NAMED = re.compile(r"metadata\.name=([^,]+)")


class StandInKubernetes:
    """Objects of a namespace and the processes that stand for its pods."""

    def __init__(self, worker_threads=1):
        """Hold nothing yet; each worker gets some threads for Dask."""
        self.objects = {"daskclusters": {}, "daskworkergroups": {}, "pods": {}, "services": {}, "daskautoscalers": {}}
        self.workers = []
        self.created = []
        self._scheduler = None
        self._threads = worker_threads
        self._address = ""

    def create(self, cluster):
        """Do what the operator does for a DaskCluster: a scheduler with its service, and a group of workers."""
        name, ports = cluster["metadata"]["name"], _free_ports(2)
        self._address = f"tcp://127.0.0.1:{ports[0]}"
        options = ["--host", "127.0.0.1", "--port", str(ports[0]), "--dashboard-address", f"127.0.0.1:{ports[1]}"]
        self._scheduler = _started("scheduler", *options)
        labels = {"dask.org/cluster-name": name, "dask.org/component": "scheduler"}
        ready = {
            "phase": "Running",
            "conditions": [{"type": kind, "status": "True"} for kind in ("Ready", "ContainersReady")],
        }
        named = zip(("tcp-comm", "http-dashboard"), ports, strict=True)
        named_ports = [{"name": each, "port": port} for each, port in named]
        service = {"type": "LoadBalancer", "selector": labels, "ports": named_ports}
        ingress = {"loadBalancer": {"ingress": [{"ip": "127.0.0.1"}]}}
        self._add("pods", f"{name}-scheduler", {"status": ready, "spec": {}}, labels)
        self._add("services", f"{name}-scheduler", {"spec": service, "status": ingress})
        self._add("daskworkergroups", f"{name}-default", {"spec": {"cluster": name, "worker": {"replicas": 0}}})
        self.created.append(name)
        return self._add("daskclusters", name, {**cluster, "status": {"phase": "Running"}})

    def scale(self, group, replicas):
        """Start the workers that a group lacks."""
        group["spec"]["worker"]["replicas"] = replicas
        for number in range(len(self.workers), replicas):
            options = ["--nthreads", str(self._threads), "--no-dashboard", "--no-nanny", "--name", f"worker-{number}"]
            self.workers.append(_started("worker", self._address, *options))
        return group

    def delete(self):
        """End all pods and forget all objects."""
        for process in filter(None, [*self.workers, self._scheduler]):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        for found in self.objects.values():
            found.clear()

    def _add(self, kind, name, content, labels=None):
        metadata = {"name": name, "namespace": "default", "uid": name, "labels": labels or {}}
        self.objects[kind][name] = {**content, "metadata": metadata}
        return self.objects[kind][name]


@contextmanager
def stand_in_kubernetes(folder, **options):
    """Serve the API, and yield the stand-in and the configuration of its clients; its pods are ended at the end."""
    stand_in = StandInKubernetes(**options)
    handler = type("Handler", (_Handler,), {"stand_in": stand_in})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        configuration = folder / "kubeconfig.yaml"
        configuration.write_text(_KUBECONFIG.format(port=server.server_port))
        try:
            yield stand_in, configuration
        finally:
            server.shutdown()
            stand_in.delete()


class _Handler(BaseHTTPRequestHandler):
    stand_in = None

    def do_GET(self):
        """Answer with an object, a list, or what kr8s asks for of the API itself."""
        address = urlsplit(self.path)
        if described := _DESCRIBED.get(address.path.rstrip("/")):
            return self._answer(described)
        found, name = self._found()
        if name:
            return self._answer(found.get(name))
        wanted = _NAMED.search(parse_qs(address.query).get("fieldSelector", [""])[0])
        return self._answer({"items": [each for key, each in found.items() if wanted is None or key == wanted[1]]})

    def do_POST(self):
        """Make the DaskCluster that is given."""
        self._answer(self.stand_in.create(self._given()))

    def do_PATCH(self):
        """Scale a group of workers."""
        found, name = self._found()
        self._answer(self.stand_in.scale(found[name], self._given()["spec"]["worker"]["replicas"]))

    def do_DELETE(self):
        """Delete the cluster; there is nothing else to delete."""
        found, name = self._found()
        gone = found.get(name)
        if gone:
            self.stand_in.delete()
        self._answer(gone)

    def log_message(self, *_):
        """Print nothing."""

    def _found(self):
        match = _PATH.fullmatch(urlsplit(self.path).path)
        return self.stand_in.objects[match["kind"]], match["name"]

    def _given(self):
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def _answer(self, content):
        body = json.dumps(content or {"message": "not found", "code": 404}).encode()
        self.send_response(200 if content else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _started(kind, *options):
    command = [sys.executable, "-m", "dask", kind, *options]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)


def _free_ports(count):
    listening = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in listening]
    for each in listening:
        each.close()
    return ports
