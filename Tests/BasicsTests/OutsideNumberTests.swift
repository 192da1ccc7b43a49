// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import Testing

@Suite struct OutsideNumberTests {
    private let most: Int64 = 9_007_199_254_740_992

    @Test func `Numbers from 0 to 2^53 pass, and no others`() {
        for number in [0, 1, most - 1, most] {
            #expect(OutsideNumber.checked(number) == number)
            #expect(OutsideNumber.parse("\(number)") == number)
            #expect(OutsideNumber.read(.integer(number)) == number)
            #expect(OutsideNumber.read(.string("\(number)")) == number)
        }
        for number in [-1, Int64.min, most + 1, Int64.max] {
            #expect(OutsideNumber.checked(number) == nil)
            #expect(OutsideNumber.parse("\(number)") == nil)
            #expect(OutsideNumber.read(.integer(number)) == nil)
            #expect(OutsideNumber.read(.string("\(number)")) == nil)
        }
    }

    @Test(arguments: ["", " 5", "+5", "-0", "5 ", "0x5", "5.0", "٥", "99999999999999999999"])
    func `Text other than digits is not a number`(text: String) {
        #expect(OutsideNumber.parse(text) == nil)
    }

    @Test func `JSON that is not a whole number does not count`() {
        #expect(OutsideNumber.read(.number(5)) == 5)
        let others: [JSONValue?] = [
            nil, .null, true, .number(5.5), .number(1e300), .number(.nan), ["5"], ["a": 5], "five",
        ]
        for value in others { #expect(OutsideNumber.read(value) == nil, "\(value as Any)") }
    }

    @Test func `Sums, differences and products stop at what fits`() {
        #expect(Int64(5).clampedSum(-7) == -2)
        #expect(Int64.max.clampedSum(1) == .max)
        #expect(Int64.min.clampedSum(-1) == .min)
        #expect(Int64(5).clampedDifference(7) == -2)
        #expect(Int64.max.clampedDifference(-1) == .max)
        #expect(Int64.min.clampedDifference(1) == .min)
        #expect(Int64(-5).clampedProduct(7) == -35)
        #expect((Int64(1) << 43).clampedProduct(1 << 20) == .max)
        #expect((Int64(-1) << 44).clampedProduct(1 << 20) == .min)
        #expect(Int64.min.clampedProduct(-1) == .max)
    }

    @Test func `Any decimal number becomes a whole one`() {
        #expect(Int64(clamping: 1.9) == 1)
        #expect(Int64(clamping: -1.9) == -1)
        #expect(Int64(clamping: 1e300) == .max)
        #expect(Int64(clamping: -1e300) == .min)
        #expect(Int64(clamping: Double.infinity) == .max)
        #expect(Int64(clamping: Double.nan) == 0)
        #expect(Int64(clamping: 9_223_372_036_854_775_808.0) == .max)
    }
}
