// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

/// The cloud that `OS_*` variables describe, as an openrc file sets them.
enum EnvironmentCloud {
    /// Its name: openstacksdk's `envvars`, unless `OS_CLOUD_NAME` says else.
    static func name(_ environment: [String: String]) -> String {
        environment["OS_CLOUD_NAME"].flatMap { $0.isEmpty ? nil : $0 } ?? "envvars"
    }

    /// Nil when the variables do not say where a cloud is: a lone
    /// `OS_REGION_NAME`, `OS_CLOUD` or `OS_PROJECT_NAME` describes none.
    static func entry(_ environment: [String: String]) -> CloudEntry? {
        var entry: [String: CloudEntry] = [:]
        // Empty ones count as unset: openrc files set OS_PROJECT_ID="".
        for (name, value) in environment where name.hasPrefix("OS_") && !value.isEmpty {
            entry[name.dropFirst(3).lowercased()] = .text(value)
        }
        let places = ["auth_url", "image_endpoint_override", "endpoint"]
        guard places.contains(where: { entry[$0] != nil }) else { return nil }
        entry["cloud"] = nil
        entry["cloud_name"] = nil
        return .mapping(entry)
    }
}
