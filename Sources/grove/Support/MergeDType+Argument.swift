public import ArgumentParser
public import GroveMerge

extension MergeDType: ExpressibleByArgument {}
