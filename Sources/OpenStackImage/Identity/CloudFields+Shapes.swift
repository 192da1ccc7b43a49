// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics

/// Refuses fields with an unexpected shape: a list in place of a text, or a text that is not an
/// address.
extension CloudFields {
    /// Keys of ``authKeys`` that may be lists.
    private static let listKeys: Set<String> = ["auth_methods", "token_command"]
    /// Keys outside of `auth` that are texts.
    static let textKeys: Set<String> = [
        "auth_type", "auth_plugin", "region_name", "image_region_name", "interface",
        "image_interface", "endpoint_type", "image_endpoint_type", "image_endpoint_override",
        "image_endpoint", "image_api_version", "verify", "insecure", "cacert", "cert", "key",
        "profile",
    ]

    /// The keys in `auth` that only count outside of it, and are not there. An `auth_type` that
    /// would change nothing is not one of them.
    var misplacedKeys: [String] {
        (entry["auth"]?.mapping ?? [:]).filter { key, value in
            Self.textKeys.contains(key) && self[key] == nil
                && !(key == "auth_type" && value.text == guessedType)
        }.keys.sorted()
    }

    /// The ``misplacedKeys`` that decide which certificates are trusted, and which one is sent.
    var misplacedTLSKeys: [String] {
        misplacedKeys.filter { ["verify", "insecure", "cacert", "cert", "key"].contains($0) }
    }

    /// Refuses a list or a mapping in place of a text. It would count as missing, and the message
    /// would deny what the operator sees in the file.
    ///
    /// - Throws: ``TranshipError/Code/invalidCloudsFile`` with the key, without its value.
    func expectTexts() throws(TranshipError) {
        let keys = Self.textKeys.union(Self.authKeys).subtracting(Self.listKeys)
        for key in keys.sorted() {
            for (place, value) in [("", entry[key]), ("auth.", entry["auth"]?[key])] {
                guard let value, value.text == nil else { continue }
                throw TranshipError(
                    .invalidCloudsFile,
                    "cloud \"\(cloud)\": \(place)\(key) is \(value.shape), and must be one text",
                    hint: "write one value; a value that begins with [ or { needs quotes")
            }
        }
    }

    /// Returns the address in `text`, without blanks around it.
    ///
    /// - Throws: ``TranshipError/Code/invalidCloudsFile`` for a text that cannot be an address.
    func address(_ key: String, _ text: String?) throws(TranshipError) -> String? {
        guard let url = text?.withoutOuterBlanks, !url.isEmpty else { return nil }
        func refusal(_ fault: String, hint: String) -> TranshipError {
            TranshipError(
                .invalidCloudsFile,
                "cloud \"\(cloud)\": \(key) is \(shownURL(url).cut(to: 200)), and \(fault)",
                hint: hint)
        }
        if let fault = AddressFault.words(url) {
            throw refusal(
                fault, hint: "write an address with its scheme, as in https://cloud.example:5000/v3"
            )
        }
        // The path of a request is appended to the address.
        if key == "auth_url", url.contains(where: { "?#".contains($0) }) {
            throw refusal(
                "it has a query or a fragment behind it",
                hint: "leave out the ? or # and all that follows it")
        }
        return url
    }
}
