// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

/// The fields of one entry, under whichever of their historical names and
/// places they stand, with errors that say where one is missing.
struct CloudFields {
    let entry: CloudEntry
    let cloud: String
    let environment: [String: String]
    let files: [String]
    let isFromVariables: Bool
    let missingProfile: String?

    subscript(key: String) -> String? {
        entry[key]?.text.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// A field of `auth`. One outside of it wins, as in openstacksdk: that is
    /// where the `OS_*` variables put theirs.
    func auth(_ keys: String...) -> String? {
        for key in keys {
            if let value = self[key] ?? entry["auth"]?[key]?.text, !value.isEmpty { return value }
        }
        return nil
    }

    func path(_ key: String) -> String? {
        self[key].map { CloudFiles.expandingHome($0, environment) }
    }

    /// `verify`, or its opposite `insecure`.
    func verifiesTLS() throws(TranshipError) -> Bool {
        let verify = try flag("verify") ?? true
        let insecure = try flag("insecure") ?? false
        return verify && !insecure
    }

    /// `image_api_version`: `1`, `2`, `2.9`, with or without a `v`. Its minor
    /// version says nothing, as the Image service has no microversions.
    func imageAPIVersion() throws(TranshipError) -> Int? {
        guard let text = self["image_api_version"] else { return nil }
        let digits = text.drop { $0 == "v" }.prefix { $0 != "." }
        guard let major = Int(digits), major > 0 else {
            throw TranshipError(
                .invalidCloudsFile,
                "cloud \"\(cloud)\" has image_api_version: \"\(text.prefix(80))\", which is no version",
                hint: "write 1 or 2, or leave it out")
        }
        return major
    }

    private func flag(_ key: String) throws(TranshipError) -> Bool? {
        guard let text = self[key] else { return nil }
        switch text.lowercased() {
        case "true", "yes", "on", "1", "y", "t": return true
        case "false", "no", "off", "0", "n", "f": return false
        default:
            throw TranshipError(
                .invalidCloudsFile,
                "cloud \"\(cloud)\" has \(key): \"\(text.prefix(80))\", which is neither true nor false",
                hint: key == "verify" ? "name a CA file in cacert, not in verify" : nil)
        }
    }

    func missing(_ key: String, _ detail: String = "") -> TranshipError {
        let place =
            isFromVariables
            ? "the OS_* variables" : files.isEmpty ? "its entry" : files.joined(separator: ", ")
        var hint =
            isFromVariables ? "set OS_\(key.uppercased())" : "add \(key) to the cloud's entry"
        if !isFromVariables,
            ["password", "secret", "application_credential_secret", "token"].contains(key)
        {
            hint += ", or to the entry of the same name in secure.yaml"
        }
        if let missingProfile {
            hint +=
                "; its profile \"\(missingProfile)\" is in no clouds-public.yaml that was found"
        }
        return TranshipError(
            .invalidCloudsFile, "cloud \"\(cloud)\" has no \(key)\(detail) (\(place))", hint: hint)
    }

    func unsupported(_ what: String, hint: String) -> TranshipError {
        TranshipError(.invalidCloudsFile, "cloud \"\(cloud)\" \(what)", hint: hint)
    }
}
