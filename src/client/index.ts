/** How a TypeScript program talks to the broker: the package's public export. */
export type { Form } from '../core/form.js';
export type { GrantId } from '../core/names.js';
export { parseGrantId, parseNetworkName } from '../core/names.js';
export type { OwnedFd } from '../kernel/owned-fd.js';
export type { CaptureBounds } from '../protocol/capture-request.js';
export type {
  ConfigState,
  NetworkListing,
  PortListing,
  PortState,
  ReloadListing,
  StatusListing,
  StatusSummary,
} from '../protocol/listing.js';
export type { Failure, Reply } from '../protocol/reply.js';
export type {
  SwitchAddressListing,
  SwitchFacts,
  SwitchNetworkListing,
  SwitchPeerListing,
  SwitchPortListing,
} from '../protocol/switch-report.js';
export { type CallOptions, call, type PlainRequest } from './call.js';
export { type ClientError, describeClientError, type Gate, type Names } from './error.js';
export { type CaptureWish, openCapture, type ReportOptions, readSwitch, type SwitchReport } from './inspect.js';
export { type OpenedGrant, type OpenOptions, open } from './open.js';
export { chooseSocket, type SocketChoice, systemSocket } from './socket-path.js';
export { isFullStatus, listNetworks, listPorts, readStatus, releaseGrant, reloadConfig } from './verbs.js';
