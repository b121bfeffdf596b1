"""Work orders (派工单): dispatch, visits, the warranty gate, help on the job (workflows, Work order and dispatch)."""
