"""Which handler takes which operator; a new family is a file with `HANDLERS` and a line here."""

from . import activations, arithmetic, convolution, dropouts, linear, norms, pools, shapes

MODULES = (convolution, linear, norms, activations, pools, dropouts, arithmetic, shapes)

HANDLERS = {name: handler for module in MODULES for name, handler in module.HANDLERS.items()}

# What people meet, and the way out.
ADVICE = {
    **dict.fromkeys(
        ("lstm", "gru", "rnn_tanh", "rnn_relu", "lstm_cell", "gru_cell", "rnn_tanh_cell", "rnn_relu_cell"),
        "recurrent modules feed back into themselves, and a neuron graph has no cycles; lift what stands before and "
        "after it",
    ),
    **dict.fromkeys(
        ("softmax", "log_softmax", "_softmax", "_log_softmax"),
        "each of its outputs depends on all its inputs, and an activation on one; leave it to the loss, as "
        "cross_entropy does",
    ),
    **dict.fromkeys(
        ("layer_norm", "group_norm", "instance_norm", "native_layer_norm", "native_group_norm"),
        "neurons know batch norm alone; use BatchNorm2d or BatchNorm1d",
    ),
    **dict.fromkeys(
        ("transpose", "permute", "t", "numpy_T", "movedim", "swapaxes"),
        "axes are (batch, channels, height, width) throughout, and a flatten in another order than C is an odd one",
    ),
    **dict.fromkeys(
        ("conv_transpose1d", "conv_transpose2d", "conv3d", "conv_transpose3d"),
        "kernels are cross-correlations over one or two dimensions; there is conv1d and conv2d",
    ),
    **dict.fromkeys(
        ("matmul", "mm", "bmm", "einsum", "scaled_dot_product_attention"),
        "synapses have weights of their own and do not multiply two tensors by one another; use nn.Linear",
    ),
    **dict.fromkeys(
        ("_weight_norm", "weight_norm", "_weight_norm_interface"),
        "a parametrized weight is computed in the forward pass; bake it in with "
        "torch.nn.utils.parametrize.remove_parametrizations",
    ),
    **dict.fromkeys(
        ("alpha_dropout", "feature_alpha_dropout"),
        "what a neuron drops is zero, and alpha dropout puts another number there; use nn.Dropout",
    ),
    "rrelu": "its slope is drawn anew in train mode, and a neuron's is a number; use LeakyReLU or PReLU",
    "embedding": "neurons read numbers and not indices; give the part behind it its vectors",
}
UNKNOWN = "no handler takes this operator; lift the parts on either side of it, or write it with those there are"
