#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension Float {
  static func power(_ base: Float, _ exponent: Float) -> Float { powf(base, exponent) }
  static func cosine(_ angle: Float) -> Float { cosf(angle) }
  static func sine(_ angle: Float) -> Float { sinf(angle) }
}

extension Double {
  static func naturalLogarithm(_ x: Double) -> Double { log(x) }
}
