import GroveCore
