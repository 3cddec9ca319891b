/// What a token is.
public enum TokenUnit: String, ConfigurationChoice {
    case word
    case char
    case byte
}
