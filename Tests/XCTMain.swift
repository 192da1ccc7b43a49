// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Testing

/// The entry of all tests. With a file of this name SwiftPM does not look for XCTest classes, for
/// which it would need an index of everything, that is a third of the time of a build.
@main
struct AllTests {
    static func main() async {
        // `swift test` starts the binary once for XCTest, which has no tests here.
        guard CommandLine.arguments.contains("swift-testing") else { return }
        await Testing.__swiftPMEntryPoint() as Never
    }
}
