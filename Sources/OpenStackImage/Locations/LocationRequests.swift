// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport

/// Requests on `/v2/images/{id}/locations` (API 2.17), and the older way to do
/// the same with a patch.
enum LocationRequests {
    static func list(_ imageID: String) -> ServiceRequest {
        ServiceRequest(.get, path(imageID))
    }

    static func add(
        _ imageID: String, url: Secret<String>, promising checksum: Checksum?
    ) -> ServiceRequest {
        var body: [String: JSONValue] = ["url": .string(url.revealed)]
        if let checksum {
            body["validation_data"] = [
                "os_hash_algo": .string(checksum.algorithm.rawValue),
                "os_hash_value": .string(checksum.value),
            ]
        }
        return ServiceRequest(.post, path(imageID), json: .object(body))
    }

    static func append(_ location: ImageLocation) -> PatchOperation {
        PatchOperation(.add, pointer: "/locations/-", value: json(location))
    }

    static func replace(_ locations: [ImageLocation]) -> PatchOperation {
        PatchOperation(.replace, pointer: "/locations", value: .array(locations.map(json)))
    }

    static func remove(at index: Int) -> PatchOperation {
        PatchOperation(.remove, pointer: "/locations/\(index)")
    }

    private static func path(_ imageID: String) -> String {
        "\(ImageRequests.path(imageID))/locations"
    }

    private static func json(_ location: ImageLocation) -> JSONValue {
        ["url": .string(location.url.revealed), "metadata": .object(location.metadata)]
    }
}
