// SPDX-FileCopyrightText: The Tranship authors
// SPDX-License-Identifier: Apache-2.0

public import Basics

extension ImageService {
    /// This project's limits and what is used of them; empty where the cloud
    /// sets none through Keystone or is too old to tell.
    public func usage() async throws(TranshipError) -> [Usage] {
        Usage.list(try await sendForJSONIfKnown(UsageRequests.show) ?? [:])
    }
}
