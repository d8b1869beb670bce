"""What a model file may name: Keras's own layers that carry no code and read no file.

Left out are those that run what they carry (Lambda, TFSMLayer, TorchModuleWrapper,
JaxLayer, FlaxLayer), and those for text and tables, whose vocabulary may be a path.
"""

LAYERS = {
    *("Activation", "ActivityRegularization", "Add", "AdditiveAttention"),
    *("AdaptiveAveragePooling1D", "AdaptiveAveragePooling2D"),
    *("AdaptiveMaxPooling1D", "AdaptiveMaxPooling2D"),
    *("AlphaDropout", "Attention", "AugMix", "RandAugment"),
    *("ContrastLimitedAdaptiveHistogramEqualization", "RandomElasticTransform"),
    *("AutoContrast", "Average", "AveragePooling1D", "AveragePooling2D"),
    *("AveragePooling3D", "BatchNormalization", "Bidirectional", "CenterCrop"),
    *("Concatenate", "Conv1D", "Conv1DTranspose", "Conv2D", "Conv2DTranspose"),
    *("Conv3D", "Conv3DTranspose", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"),
    *("Cropping1D", "Cropping2D", "Cropping3D", "Dense", "DepthwiseConv1D"),
    *("DepthwiseConv2D", "Dot", "Dropout", "ELU", "EinsumDense", "Embedding"),
    *("Equalization", "Flatten", "GRU", "GRUCell", "GaussianDropout", "GaussianNoise"),
    *("GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalAveragePooling3D"),
    *("GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalMaxPooling3D"),
    *("GroupNormalization", "GroupQueryAttention", "Identity", "InputLayer", "LSTM"),
    *("LSTMCell", "LayerNormalization", "LeakyReLU", "Masking", "MaxPooling1D"),
    *("MaxPooling2D", "MaxPooling3D", "Maximum", "Minimum", "MultiHeadAttention"),
    *("Multiply", "Normalization", "PReLU", "Permute", "RMSNormalization", "RNN"),
    *("RandomBrightness", "RandomColorDegeneration", "RandomColorJitter"),
    *("RandomContrast", "RandomCrop", "RandomErasing", "RandomFlip"),
    *("RandomGaussianBlur", "RandomGrayscale", "RandomHue", "RandomInvert"),
    *("RandomPerspective", "RandomPosterization", "RandomRotation"),
    *("RandomSaturation", "RandomSharpness", "RandomShear", "RandomTranslation"),
    *("RandomZoom", "ReLU", "RepeatVector", "Rescaling", "Reshape", "Resizing"),
    *("SeparableConv1D", "SeparableConv2D", "SimpleRNN", "SimpleRNNCell", "Softmax"),
    *("Solarization", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"),
    *("SpectralNormalization", "StackedRNNCells", "Subtract", "TimeDistributed"),
    *("UnitNormalization", "UpSampling1D", "UpSampling2D", "UpSampling3D"),
    *("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D"),
}
INITIALIZERS = {
    *("Constant", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform"),
    *("Identity", "LecunNormal", "LecunUniform", "Ones", "Orthogonal"),
    *("RandomNormal", "RandomUniform", "TruncatedNormal", "VarianceScaling", "Zeros"),
}
REGULARIZERS = {"L1", "L2", "L1L2", "OrthogonalRegularizer"}
CONSTRAINTS = {"MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm"}
# What x / 255, x + y, keras.ops.relu(x) and the like are in a functional model.
OPERATIONS = {
    *("Absolute", "Add", "Clip", "Concatenate", "Divide", "ExpandDims", "Max"),
    *("Maximum", "Mean", "Minimum", "Multiply", "Negative", "Reshape", "Square"),
    *("Sqrt", "Squeeze", "Subtract", "Sum", "Tanh", "Transpose", "TrueDivide"),
}
ACTIVATIONS = {
    *("Elu", "Gelu", "HardSigmoid", "HardSilu", "LeakyRelu", "LogSoftmax", "Relu"),
    *("Relu6", "Selu", "Sigmoid", "Silu", "Softmax", "Softplus", "Softsign"),
}
MODELS = {
    *(("keras", kind) for kind in ("Functional", "Sequential", "Model")),
    *(("keras.models", kind) for kind in ("Functional", "Sequential", "Model")),
    ("keras.src.models.functional", "Functional"),
    ("keras.src.models.model", "Model"),
    ("keras.src.models.sequential", "Sequential"),
}
KNOWN = {
    *(("keras.layers", name) for name in LAYERS),
    *(("keras.initializers", name) for name in INITIALIZERS),
    *(("keras.regularizers", name) for name in REGULARIZERS),
    *(("keras.constraints", name) for name in CONSTRAINTS),
    *(("keras.src.ops.numpy", name) for name in OPERATIONS),
    *(("keras.src.ops.nn", name) for name in ACTIVATIONS),
    ("keras.src.activations.activations", "ReLU"),
    ("keras.src.ops.core", "Cast"),
    *MODELS,
    ("keras", "DTypePolicy"),
    ("keras.dtype_policies", "DTypePolicy"),
    *(("None", kind) for kind in ("__keras_tensor__", "__numpy__", "__tensor__")),
}
FLOATS = ("float16", "bfloat16", "float32", "float64")
POLICIES = (*FLOATS, "mixed_float16", "mixed_bfloat16")
# Of pixels, before the network has made them floats.
INPUTS = (*FLOATS, "uint8", "int32", "int64")
