// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

import Basics
import HTTPTransport

/// Requests on `/v2/info/stores` and `/v2/stores`.
enum StoreRequests {
    static var list: ServiceRequest { ServiceRequest(.get, "/v2/info/stores") }
    static var detail: ServiceRequest { ServiceRequest(.get, "/v2/info/stores/detail") }

    static func deleteCopy(_ imageID: String, store: String) -> ServiceRequest {
        ServiceRequest(
            .delete, "/v2/stores/\(percentEncode(store))/\(percentEncode(imageID))")
    }
}
