"""The harness's reference graphs in OpenVINO, in float32 or bfloat16."""

import openvino

from graph_adapter import GraphAdapter
from sam_bench_external import Problem, serve

OUTPUTS = {"image_embedding", "low_res_masks", "iou_predictions"}
BF16_NEEDS = "it needs AVX-512 BF16 or AMX; leave /bf16 out for float32"


class OpenVinoGraphs(GraphAdapter):
    name = "OpenVINO"
    packages = ["openvino", "numpy", "pillow"]

    def describe(self, model):
        super().describe(model)
        self.core = openvino.Core()
        if model.setting == "bf16" and "BF16" not in self.core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
            raise Problem("OpenVINO does not compute in bfloat16 on this processor", BF16_NEEDS)

    def open(self, file, model):
        # Without a hint OpenVINO takes bfloat16 by itself where the processor has AMX.
        precision = openvino.Type.bf16 if model.setting == "bf16" else openvino.Type.f32
        asked = {"INFERENCE_NUM_THREADS": model.threads, "NUM_STREAMS": 1, "INFERENCE_PRECISION_HINT": precision}
        compiled = self.core.compile_model(file, "CPU", asked)
        for name, value in asked.items():
            taken = compiled.get_property(name)
            if str(taken) != str(value):
                raise Problem(f"OpenVINO does not take {name} {value}, but computes with {taken}")
        request = compiled.create_infer_request()
        # A node's own name may stand beside the output's.
        ports = {(port.get_names() & OUTPUTS).pop(): port for port in compiled.outputs}

        def run(feeds):
            request.infer(feeds)
            # Copies: the request's own memory holds the next answer.
            return {name: request.get_tensor(port).data.copy() for name, port in ports.items()}

        return run


if __name__ == "__main__":
    serve(OpenVinoGraphs())
