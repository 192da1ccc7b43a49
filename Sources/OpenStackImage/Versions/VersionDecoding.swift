// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

extension ServiceVersion {
    /// Nil for an id that is no version.
    init?(json: JSONValue) {
        guard let id = json["id"]?.string, id.first == "v" else { return nil }
        let numbers = id.dropFirst().split(separator: ".").map { Int($0) }
        guard numbers.count <= 2, let major = numbers.first.flatMap({ $0 }) else { return nil }
        self.id = id
        self.major = major
        minor = numbers.count == 2 ? numbers[1] ?? 0 : 0
        status = json["status"]?.string ?? ""
        url = (json["links"]?.array ?? []).first { $0["rel"]?.string == "self" }?["href"]?.string
    }

    /// Newest first; nil when the answer lists no versions at all.
    static func list(_ json: JSONValue) -> [ServiceVersion]? {
        json["versions"]?.array?.compactMap(ServiceVersion.init(json:)).sorted(by: >)
    }
}
