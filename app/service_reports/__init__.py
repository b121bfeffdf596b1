"""Service reports (售后服务签名反馈表, 维修反馈表): written on the tablet, signed by the customer, frozen by hash."""
