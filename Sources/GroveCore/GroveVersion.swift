/// The version of this build of Grove.
public let groveVersion = "0.1.0"
