KNOWN = set("""linear relu relu6 leaky_relu elu sigmoid tanh silu gelu softmax
InputLayer Conv2D DepthwiseConv2D SeparableConv2D Dense BatchNormalization
ZeroPadding2D MaxPooling2D AveragePooling2D GlobalMaxPooling2D Flatten Reshape
GlobalAveragePooling2D Activation ReLU LeakyReLU Softmax Rescaling Add Identity
Concatenate Dropout SpatialDropout2D RandomFlip RandomRotation""".split())

def save_network(model, path, classes=()):
    """Write a Keras model into one file for the book's network explorer."""
    names, layers, weights = {id(model.inputs[0]): "input"}, [], []
    for layer in model.layers:
        kind, config = type(layer).__name__, layer.get_config()
        if not {kind, str(config.get("activation", "linear"))} <= KNOWN:
            raise ValueError(f"Layer {layer.name} ({kind}) is not supported.")
        inputs = [names.get(id(x)) for x in keras.tree.flatten(layer.input)]
        names[id(layer.output)] = layer.name
        plain = {k: v for k, v in config.items() if not isinstance(v, dict)}
        layers.append({**plain, "type": kind, "inputs": inputs,
                       "shape": layer.output.shape[1:],
                       "weights": [w.shape for w in layer.get_weights()]})
        weights += [w.astype("<f4").tobytes() for w in layer.get_weights()]
    head = json.dumps({"input": model.inputs[0].shape[1:], "layers": layers,
                       "name": model.name, "classes": list(classes)})
    head = head.encode() + b" " * (-len(head) % 4)
    Path(path).write_bytes(b"P2PNET1\n" + len(head).to_bytes(4, "little")
                           + head + b"".join(weights))
