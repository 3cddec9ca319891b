import Kinds
import Optimizers

extension ConfigurationField {
    /// How long a run trains, and how its learning rate decreases.
    static let convergence: [ConfigurationField] =
        [
            .init(
                .epochs, \.epochs, .convergence, .free, range: .whole(1...1_000_000), placeholder: "n",
                "Maximum number of passes over the training text."),
            .init(.schedule, \.schedule, .convergence, .free, "How the learning rate decreases."),
        ] + kinds(of: Schedules.self, .convergence) + [
            .init(
                .warmUp, \.warmUp, .convergence, .free, range: .whole(1...ValueRange.most, orZero: "for none"), placeholder: "n",
                isNew: true,
                "Steps with an update over which the learning rate rises in equal parts to that of the schedule; 0: off."),
            .init(
                .validateEvery, \.validateEvery, .convergence, .free,
                range: .whole(1...ValueRange.most, orZero: "for each epoch"),
                placeholder: "n",
                "Steps between validations; 0: after each epoch."),
            .init(
                .patience, \.patience, .convergence, .free, range: .whole(1...ValueRange.most, orZero: "for no limit"),
                placeholder: "n",
                "End the run after this many validations in a row without improvement; 0: off."),
            .init(
                .epsilon, \.epsilon, .convergence, .free, range: .number(orZero: "for any decrease"), placeholder: "x",
                "Smallest decrease of the validation loss that counts as an improvement, in nats per token."),
        ]
}
