public import ArgumentParser
public import GroveModel

extension ModelConversion.Format: ExpressibleByArgument {}
extension ModelConversion.WeightType: ExpressibleByArgument {}
