extension ConfigurationField {
    /// How long the training goes on, and how the learning rate falls.
    static let convergence: [ConfigurationField] = [
        .init(.epochs, \.epochs, .convergence, .free, placeholder: "n", "Passes over the training text at most."),
        .init(.schedule, \.schedule, .convergence, .free, "How the learning rate falls."),
        .init(
            .decay, \.decay, .convergence, .free, placeholder: "x",
            "Factor of the learning rate, for the schedules step and plateau."),
        .init(
            .decayAfter, \.decayAfter, .convergence, .free, placeholder: "n",
            "Epochs at the full rate, for the schedule step; each later one multiplies it by the factor."),
        .init(
            .decayRate, \.decayRate, .convergence, .free, placeholder: "x",
            "Lambda of the schedule inverse: the rate g is g / (1 + g * lambda * t) after t updates."),
        .init(
            .validateEvery, \.validateEvery, .convergence, .free, placeholder: "n",
            "Steps between validations; 0: after each epoch."),
        .init(
            .patience, \.patience, .convergence, .free, placeholder: "n",
            "Validations in a row without improvement that end the run; 0: off."),
        .init(
            .epsilon, \.epsilon, .convergence, .free, placeholder: "x",
            "Fall of the validation loss that counts as an improvement, in nats per token."),
    ]
}
