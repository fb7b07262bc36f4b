"""What people write first: FastAPI, Keras and a handler that calls model.predict; the same model, nothing else.

python benchmarks/serving/plain_server.py MODEL.keras PORT
"""

from __future__ import annotations

import sys
from typing import Any

import keras
import numpy as np
import uvicorn
from fastapi import FastAPI

application = FastAPI()
model = keras.saving.load_model(sys.argv[1], compile=False)


@application.post("/predict")
def predict(body: dict[str, Any]) -> dict[str, Any]:
    """Answer one request by one call of the model."""
    pixels = np.array(body["instances"], dtype="uint8")
    return {"predictions": model.predict(pixels, verbose=0).tolist()}


if __name__ == "__main__":
    model.predict(np.zeros((1, *model.input_shape[1:]), "uint8"), verbose=0)
    uvicorn.run(application, host="127.0.0.1", port=int(sys.argv[2]), access_log=False)
