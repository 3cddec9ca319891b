extension ConfigurationField {
    /// How long the training goes on, and how the learning rate falls.
    static let convergence: [ConfigurationField] = [
        .init(
            .epochs, \.epochs, .convergence, .free, range: .whole(1...1_000_000), placeholder: "n",
            "Passes over the training text at most."),
        .init(.schedule, \.schedule, .convergence, .free, "How the learning rate falls."),
        .init(
            .decay, \.decay, .convergence, .free, range: .number(upTo: 1), placeholder: "x",
            "Factor of the learning rate, for the schedules step and plateau."),
        .init(
            .decayAfter, \.decayAfter, .convergence, .free, range: .whole(1...ValueRange.most, orZero: "for none"),
            placeholder: "n",
            "Epochs at the full rate, for the schedule step; each later one multiplies it by the factor."),
        .init(
            .decayRate, \.decayRate, .convergence, .free, range: .number(orZero: "for none"), placeholder: "x",
            "Lambda of the schedule inverse: the rate g is g / (1 + g * lambda * t) after t updates."),
        .init(
            .validateEvery, \.validateEvery, .convergence, .free, range: .whole(1...ValueRange.most, orZero: "for each epoch"),
            placeholder: "n",
            "Steps between validations; 0: after each epoch."),
        .init(
            .patience, \.patience, .convergence, .free, range: .whole(1...ValueRange.most, orZero: "for no limit"),
            placeholder: "n",
            "Validations in a row without improvement that end the run; 0: off."),
        .init(
            .epsilon, \.epsilon, .convergence, .free, range: .number(orZero: "for any fall"), placeholder: "x",
            "Smallest decrease of the validation loss that counts as an improvement, in nats per token."),
    ]
}
