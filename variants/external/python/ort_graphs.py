"""The harness's reference graphs in ONNX Runtime as Python has it."""

import onnxruntime

from graph_adapter import GraphAdapter
from sam_bench_external import serve


class OrtGraphs(GraphAdapter):
    name = "ONNX Runtime for Python"
    packages = ["onnxruntime", "numpy", "pillow"]

    def open(self, file, model):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = model.threads, 1
        # Threads that spin after a run would take the processor from the next row.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 4
        session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]
        return lambda feeds: dict(zip(names, session.run(names, feeds)))


if __name__ == "__main__":
    serve(OrtGraphs())
