// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The targets in `Package.swift` and the modules that each may import.
struct PackageEdges {
    /// The names of modules, by target.
    private(set) var dependencies: [String: Set<String>] = [:]

    /// The module of each product in the manifest.
    private static let products = [
        "yams": "Yams", "grdb": "GRDB", "log": "Logging", "arguments": "ArgumentParser",
        "subprocess": "Subprocess",
    ]

    init(manifest: String) {
        let text = manifest.filter { !$0.isWhitespace }
        for call in text.ranges(of: /(part|tests)\("/) {
            add(text[call.upperBound...], isTests: text[call].hasPrefix("tests"))
        }
        for call in text.ranges(of: /\.(executableTarget|target|systemLibrary|testTarget)\(name:"/)
        {
            add(text[call.upperBound...], isTests: false)
        }
    }

    private mutating func add(_ call: Substring, isTests: Bool) {
        let subject = String(call.prefix { $0 != "\"" })
        let rest = call.dropFirst(subject.count + 1)
        var modules: Set<String> = isTests ? [subject] : []
        // The list ends at its bracket; a call without one ends before it.
        let end = rest.prefix { $0 != ")" && $0 != "]" }
        if let open = end.firstIndex(of: "[") {
            for word in end[end.index(after: open)...].split(separator: ",") {
                let name = word.filter { $0 != "\"" }
                modules.insert(Self.products[name] ?? name)
            }
        }
        dependencies[isTests ? subject + "Tests" : subject] = modules
    }
}
