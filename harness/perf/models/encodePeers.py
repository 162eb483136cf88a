"""Runs an encoder with another runtime, once for each line of its input.

Usage: python encodePeers.py onnxruntime|openvino GRAPH THREADS [f32|bf16]. The precision is that in which OpenVINO computes.
Prints a line of JSON when the graph is loaded, and one for each run: its time, the processor's time of all threads, and the
peak of the process. The input is noise from -2 to 2.
"""

import importlib.metadata
import json
import resource
import sys
import time

import numpy

runtime, graph, threads, *precision = sys.argv[1:]


def load():
    """Returns the input's dimensions and a function that runs the graph on an image."""
    if runtime == "onnxruntime":
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(threads)
        session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        (image,) = session.get_inputs()
        return image.shape, lambda pixels: session.run(None, {image.name: pixels})
    import openvino

    core = openvino.Core()
    settings = {
        "INFERENCE_NUM_THREADS": int(threads),
        "INFERENCE_PRECISION_HINT": precision[0],
        "PERFORMANCE_HINT": "LATENCY",
    }
    model = core.compile_model(core.read_model(graph), "CPU", settings)
    return list(model.input(0).shape), lambda pixels: model(pixels)


def tell(**values):
    print(json.dumps(values), flush=True)


dims, run = load()
image = numpy.random.default_rng(0).uniform(-2, 2, dims).astype(numpy.float32)
tell(version=importlib.metadata.version(runtime))
for _ in sys.stdin:
    started, startedCpu = time.perf_counter(), time.process_time()
    run(image)
    tell(
        durationMs=1e3 * (time.perf_counter() - started),
        cpuMs=1e3 * (time.process_time() - startedCpu),
        peakBytes=1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    )
