// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import MigrationModel
import Testing

@Suite struct VersionOrderTests {
    /// Versions in ascending order, as the UAPI specification and publishers define it.
    private static let ascending = [
        [
            "~beta", "", "0.9", "1~rc1", "1~rc2", "1", "1-1", "1-2", "1-10", "1^git", "1.0",
            "1.0.1",
            "1.a", "1.9", "1.10", "2", "10", "20241119", "20241119.1",
        ],
        ["9.5-20241118.0", "9.5-20241118.1", "9.5-20250101.0", "9.10-20240101.0"],
        ["a", "ab", "b", "1", "2"],
        ["latest", "3510.2.8", "4081.2.0"], ["Z", "a"],
        ["20241124T163746Z", "20241201T163746Z"],
    ]

    @Test(arguments: ascending) func `Versions follow each other`(versions: [String]) {
        for (index, one) in versions.enumerated() {
            for (place, other) in versions.enumerated() {
                let order = VersionOrder.compare(one, other)
                #expect(order.signum() == (index - place).signum(), "\(one) and \(other)")
            }
        }
    }

    @Test(arguments: [("1.02", "1.2"), ("1_0", "10"), ("1.0+", "1.0"), ("0", "00"), ("", "+")])
    func `Spellings of one version are equal`(one: String, other: String) {
        #expect(VersionOrder.compare(one, other) == (one == "1_0" ? -1 : 0))
    }
}
