public import ArgumentParser
public import GroveModel

extension Precision: ExpressibleByArgument {}
