public import ArgumentParser
public import GroveCluster

extension ClusteringMethod: ExpressibleByArgument {}
extension LanguageTree.Cut: ExpressibleByArgument {}
